"""Suspending people and organizations, and deciding about their appeals, for whoever runs the platform."""
