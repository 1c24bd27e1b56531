from django.urls import path

from onboarding import profile_pages, views

urlpatterns = [
    path("", views.Landing.as_view(), name="landing"),
    path("home/", views.Home.as_view(), name="home"),
    path("agreements/<slug:key>/", views.AgreementPage.as_view(), name="agreement"),
    path("agreements/<slug:key>/pdf/", views.AgreementPdf.as_view(), name="agreement_pdf"),
    path("apply/", views.Apply.as_view(), name="apply"),
    path("apply/check/", views.Check.as_view(), name="apply_check"),
    path("apply/status/", views.Status.as_view(), name="application_status"),
    path(
        "apply/documents/<uuid:document_id>/remove/", views.RemoveDocument.as_view(), name="remove_document"
    ),
    path("apply/<slug:key>/", views.StepPage.as_view(), name="apply_step"),
]
account_urlpatterns = [
    path("status/", views.AccountStatus.as_view(), name="account_status"),
    path("profile/", profile_pages.Profile.as_view(), name="profile"),
    path("profile/tax-form/", profile_pages.SignTaxForm.as_view(), name="sign_tax_form"),
    path("profile/<slug:key>/", profile_pages.ChangeProfile.as_view(), name="change_profile"),
]
"""Pages of one account, under its address."""
