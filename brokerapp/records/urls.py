"""Addresses of this app."""

from django.urls import path

from brokerapp.records import views

app_name = "records"

urlpatterns = [
    path("activity/", views.ActivityFeed.as_view(), name="activity"),
    path("activity/csv/", views.ActivityCsv.as_view(), name="activity_csv"),
    path("activity/<int:pk>/", views.Receipt.as_view(), name="receipt"),
    path("documents/", views.Documents.as_view(), name="documents"),
    path("documents/<int:pk>/", views.DocumentPage.as_view(), name="document"),
    path("documents/<int:pk>/download/", views.DownloadDocument.as_view(), name="download"),
]
