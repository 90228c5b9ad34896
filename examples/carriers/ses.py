"""Amazon SES by its SMTP interface: SES_HOST (email-smtp.eu-west-1.amazonaws.com), SES_PORT (587), SES_USER and SES_PASSWORD."""
import os, smtplib, ssl
from email.message import EmailMessage
from receiver import mailbox, run

def send(mail, id):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = mailbox(mail["from"]), mail["to"]["email"], mail["subject"]
    for name, value in mail["headers"].items():
        message[name] = value
    message.set_content(mail["text"])
    message.add_alternative(mail["html"], subtype="html")
    try:
        with smtplib.SMTP(os.environ["SES_HOST"], int(os.environ.get("SES_PORT", 587)), timeout=8) as smtp:
            smtp.starttls(context=ssl.create_default_context(cafile=os.environ.get("SES_CA_FILE")))
            smtp.login(os.environ["SES_USER"], os.environ["SES_PASSWORD"])
            smtp.send_message(message)
    except smtplib.SMTPAuthenticationError as error:
        return 401, error.smtp_error
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
        code, words = next(iter(error.recipients.values())) if hasattr(error, "recipients") else error.args[:2]
        return (422 if code >= 500 else 503), words
    except (OSError, smtplib.SMTPException) as error:
        return 503, str(error).encode()
    return 200, b""

run(send)
