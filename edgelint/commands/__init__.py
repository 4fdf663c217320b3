"""The commands of the program, one file each. Only they and edgelint.cli talk to the terminal."""
