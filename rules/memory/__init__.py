"""Family 2: does it fit into the target's memory, and what does it cost?"""
