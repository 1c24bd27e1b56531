"""Addresses for the mail provider."""

from django.urls import path

from brokerapp.mailing.views import Reports

urlpatterns = [path("reports/", Reports.as_view(), name="mail_reports")]
