from django.urls import path

from brokerapp.closing import views

app_name = "closing"

urlpatterns = [
    path("status/close/", views.Close.as_view(), name="close"),
    path("status/close/confirm/", views.Confirm.as_view(), name="confirm"),
]
