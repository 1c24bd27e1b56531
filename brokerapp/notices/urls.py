"""Addresses of the inbox."""

from django.urls import path

from brokerapp.notices import views

urlpatterns = [
    path("", views.Inbox.as_view(), name="inbox"),
    path("read/", views.MarkRead.as_view(), name="mark_read"),
    path("preferences/", views.Preferences.as_view(), name="notice_preferences"),
    path("<int:pk>/", views.NoticePage.as_view(), name="notice"),
    path("<int:pk>/unread/", views.MarkUnread.as_view(), name="mark_unread"),
]
