from django.urls import path

from brokerapp.demo.views import Mailbox

urlpatterns = [path("", Mailbox.as_view(), name="mailbox")]
