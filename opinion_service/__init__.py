"""The public-opinion response desk (政务舆情回应工作台). The application is built by `app.create_app`."""
