import { createTransport } from 'nodemailer'

export interface MailTarget {
  to: readonly string[]
  from: string
  /** `smtp://` or `smtps://`, with login and password. */
  smtpUrl: string
}

export interface Mail {
  /** The same for each try. */
  id: string
  subject: string
  text: string
}

const TIMEOUT = 10_000

/** @throws Error that says why the server did not take it */
export async function sendMail(
  { to, from, smtpUrl }: MailTarget,
  { id, subject, text }: Mail,
): Promise<void> {
  const transport = createTransport({
    url: smtpUrl,
    connectionTimeout: TIMEOUT,
    greetingTimeout: TIMEOUT,
    socketTimeout: 2 * TIMEOUT,
    // What is sent has text alone: nothing of it may name a file or an address to be read.
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    await transport.sendMail({
      from,
      to: [...to],
      subject,
      text,
      messageId: `<${id}@orchestra>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    })
  } finally {
    transport.close()
  }
}
