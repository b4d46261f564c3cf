"""Public pages, under /legal/ and in front of the documents there."""

from django.urls import path

from vallum_web.privacy.centre import public

urlpatterns = [
    path("cookies/", public.cookies, name="cookies"),
    path("processing/", public.processing, name="processing"),
    path("processing/record.<slug:form>", public.processing_file, name="processing_file"),
    path("data-processing-agreement/", public.agreement, name="agreement"),
    path("data-processing-agreement/text.md", public.agreement_file, name="agreement_file"),
]
