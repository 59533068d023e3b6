"""The rules of handing over: who may do what with a lead, whose it is, by when, and how a CRM is told."""
