"""The pages through a2wsgi's bridge, to compare with ours."""

from a2wsgi import WSGIMiddleware
from django.conf import settings
from django.core.wsgi import get_wsgi_application

application = WSGIMiddleware(get_wsgi_application(), workers=settings.WEB_THREADS)
