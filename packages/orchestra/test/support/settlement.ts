/** How an operation is settled that went well, without its number. */
export const success = {
  outcome: 'success',
  next: 'done',
  delay: 0,
  alone: false,
  changed: true,
  error: null,
  revision: 'r',
  identity: 'a.org',
  rendered: null,
  former: 'gone',
} as const
