"""Family 1: will the target's runtime run this operator?"""
