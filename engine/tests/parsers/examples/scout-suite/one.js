scoutsuite_results =
{
 "account_id": "p",
 "provider_code": "gcp",
 "last_run": {
  "version": "5.14.0"
 },
 "services": {
  "storage": {
   "buckets": {
    "h1": {
     "name": "logs",
     "logging": false
    },
    "h2": {
     "arn": "arn:aws:s3:::data"
    }
   },
   "findings": {
    "no-logging": {
     "checked_items": 2,
     "description": "Bucket without logging",
     "flagged_items": 1,
     "items": [
      "storage.buckets.h1.logging"
     ],
     "level": "warning",
     "rationale": "Logs tell who came.",
     "references": [
      "https://docs.example/logging"
     ],
     "remediation": "Turn it on.",
     "service": "Cloud Storage"
    }
   }
  },
  "iam": {
   "findings": null
  }
 }
}
