from django.urls import path

from onboarding import kind_pages, profile_pages, status_pages, views

ID = "<uuid:application_id>"

urlpatterns = [
    path("", views.Landing.as_view(), name="landing"),
    path("home/", views.Home.as_view(), name="home"),
    path("agreements/<slug:key>/", views.AgreementPage.as_view(), name="agreement"),
    path("agreements/<slug:key>/pdf/", views.AgreementPdf.as_view(), name="agreement_pdf"),
    path("apply/", views.Apply.as_view(), name="apply"),
    path("apply/kinds/", kind_pages.AccountKinds.as_view(), name="account_kinds"),
    path("apply/check/", views.Check.as_view(), name="apply_check"),
    path("apply/status/", status_pages.Status.as_view(), name="application_status"),
    # The same pages of applications for other kinds of account, by their ids (`onboarding.addresses`).
    path(f"apply/{ID}/", views.Apply.as_view(), name="apply_of"),
    path(f"apply/check/{ID}/", views.Check.as_view(), name="apply_check_of"),
    path(f"apply/status/{ID}/", status_pages.Status.as_view(), name="application_status_of"),
    path(
        "apply/documents/<uuid:document_id>/remove/", views.RemoveDocument.as_view(), name="remove_document"
    ),
    path(
        "apply/documents/asked/<uuid:application_id>/",
        status_pages.AnswerCard.as_view(),
        name="answer_asked",
    ),
    path("apply/documents/appeal/<uuid:application_id>/", status_pages.Appeal.as_view(), name="appeal"),
    path("apply/<slug:key>/", views.StepPage.as_view(), name="apply_step"),
    path(f"apply/<slug:key>/{ID}/", views.StepPage.as_view(), name="apply_step_of"),
]
account_urlpatterns = [
    path("status/", status_pages.AccountStatusPage.as_view(), name="account_status"),
    path("profile/", profile_pages.Profile.as_view(), name="profile"),
    path("profile/tax-form/", profile_pages.SignTaxForm.as_view(), name="sign_tax_form"),
    path("profile/<slug:key>/", profile_pages.ChangeProfile.as_view(), name="change_profile"),
]
"""Pages of one account, under its address."""
