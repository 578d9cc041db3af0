"""systemd's side: notification both ways, journal streams, socket activation."""
