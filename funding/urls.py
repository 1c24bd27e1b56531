from django.urls import path

from funding import views
from funding.statuses import Direction

app_name = "funding"

urlpatterns = [
    path("transfer/", views.Transfers.as_view(), name="transfers"),
    path("transfer/bank/", views.LinkBank.as_view(), name="link_bank"),
    path("transfer/bank/<uuid:pk>/", views.Bank.as_view(), name="bank"),
    path("transfer/bank/<uuid:pk>/unlink/", views.UnlinkBank.as_view(), name="unlink_bank"),
    path("transfer/deposit/", views.Amount.as_view(direction=Direction.INCOMING), name="deposit"),
    path("transfer/withdraw/", views.Amount.as_view(direction=Direction.OUTGOING), name="withdraw"),
    path("transfer/review/<str:token>/", views.TransferReview.as_view(), name="transfer_review"),
    path("transfer/<uuid:pk>/", views.TransferReceipt.as_view(), name="transfer"),
]
