"""Family 8: does the training configuration agree with the network?"""
