"""Areas through time: where a territory lies on another map, and which area a written name means."""
