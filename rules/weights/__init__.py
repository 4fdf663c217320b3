"""Family 6: what do the stored numbers say?"""
