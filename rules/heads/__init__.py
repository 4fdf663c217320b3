"""Family 4: do outputs and hidden activations suit the task?"""
