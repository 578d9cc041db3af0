"""An image service whose workers share one catalogue."""
