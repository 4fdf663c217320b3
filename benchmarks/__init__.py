"""Scripts that measure edgelint against the real tools and write what the documentation says of it."""
