"""Addresses of the display preferences and the style guide."""

from django.urls import path

from brokerapp.ui import views

urlpatterns = [
    path("brand/logo/", views.brand_logo, name="brand_logo"),
    path("brand/colors.css", views.brand_colors, name="brand_colors"),
    path("display/", views.display, name="display"),
    path("styleguide/", views.styleguide, name="styleguide"),
]
