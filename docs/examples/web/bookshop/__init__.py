"""A bookshop with two web servers and a background process that share one catalogue in memory."""
