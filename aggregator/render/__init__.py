"""Views: values -> bytes or text. The same values give the same bytes."""
