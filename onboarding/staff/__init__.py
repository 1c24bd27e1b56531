"""Pages of staff in the admin site: the queue, one page for each application, and the viewer of papers."""
