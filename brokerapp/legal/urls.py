"""Addresses of the legal pages."""

from django.urls import path

from brokerapp.legal import views

urlpatterns = [
    path("", views.index, name="legal"),
    path("<slug:key>/", views.page, name="legal_page"),
]
