from django.urls import path

from brokerapp.mailbox.views import Mailbox

urlpatterns = [path("", Mailbox.as_view(), name="mailbox")]
