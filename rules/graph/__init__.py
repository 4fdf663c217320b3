"""Family 5: is the graph as small and plain as it could be?"""
