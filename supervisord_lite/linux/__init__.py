"""The one narrow door to the kernel."""
