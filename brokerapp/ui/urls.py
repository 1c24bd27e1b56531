"""Addresses of the display preferences and the style guide."""

from django.urls import path

from brokerapp.ui import views

urlpatterns = [
    path("display/", views.display, name="display"),
    path("styleguide/", views.styleguide, name="styleguide"),
]
