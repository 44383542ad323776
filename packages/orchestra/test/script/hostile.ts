import fc from 'fast-check'

const nasty = [
  "'",
  '"',
  '`',
  '$',
  '$(touch pwned)',
  '`touch pwned`',
  '$' + '{IFS}',
  '\\',
  '\\\\',
  "\\'",
  "'\\''",
  '!',
  '!!',
  '#',
  '# end',
  ';',
  '&',
  '|',
  '<',
  '>',
  '(',
  ')',
  '{',
  '}',
  '[',
  ']',
  '*',
  '?',
  '~',
  '~root',
  '-',
  '--',
  '-rf',
  '-n',
  '=',
  'a=b',
  '\n',
  '\n\n',
  '\r',
  '\r\n',
  '\t',
  ' ',
  '  ',
  '\x01',
  '\x1b[31m',
  '\x1e',
  '\x1eorchestra:',
  '\x7f',
  'é',
  '日本',
  '😀',
  '\u2028',
  '\ufeff',
  '\u0301',
  '%s',
  '%n',
  '%%',
  '\\n',
  '\\x41',
  '\\033',
  "$'x'",
  'EOF',
  'if',
  'o_end',
  'o_run',
  '..',
  '«',
  '»',
] as const

/** Text made to escape from wherever it stands. */
export const hostile = fc
  .oneof(
    fc.array(fc.constantFrom(...nasty), { maxLength: 8 }).map((parts) => parts.join('')),
    fc.string({ unit: 'grapheme', maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
    fc
      .tuple(fc.constantFrom(...nasty), fc.string({ maxLength: 10 }), fc.constantFrom(...nasty))
      .map((parts) => parts.join('')),
  )
  .map((text) => text.toWellFormed())

/** The same as the name of a file. */
export const hostileName = hostile
  .map((text) => text.replaceAll('/', '_'))
  .filter((name) => name !== '' && name !== '.' && name !== '..' && Buffer.byteLength(name) < 200)
