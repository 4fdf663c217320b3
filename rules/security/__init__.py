"""Family 7: could the file harm whoever loads it?"""
