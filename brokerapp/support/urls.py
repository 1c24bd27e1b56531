"""Addresses of help and of a person's questions."""

from django.urls import path

from brokerapp.support import views

urlpatterns = [
    path("", views.Help.as_view(), name="help"),
    path("ask/", views.OpenCase.as_view(), name="open_case"),
    path("cases/", views.Cases.as_view(), name="cases"),
    path("cases/<uuid:case_id>/", views.CasePage.as_view(), name="case"),
]
