from django.urls import URLPattern, path

from portal_core.access.consumers import OnboardingConsumer

websocket_urlpatterns: list[URLPattern] = [path("ws/desk/onboarding/<str:public_id>/", OnboardingConsumer.as_asgi())]
