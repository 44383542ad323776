import { readShell } from './shell-file.ts'

/** What the bootstrap's first line on stdout starts with; the process group and the end line follow. */
export const groupLinePrefix = 'orchestra-pgid '

/**
 * The command that receives one script on stdin and runs it only when it came whole. Run it as
 * `bash --noprofile --norc -c BOOTSTRAP END_LINE DIRECTORY BYTES [INTERPRETER...]`; an empty directory changes none. BYTES is
 * empty where stdin is the script alone, and otherwise its length: `read -N` takes not one byte more from a pipe.
 *
 * The script is read to its end before a byte of it runs: a connection that breaks during the upload leaves a
 * last line that is not END_LINE, and nothing happens (exit 86). `read -N` reads in blocks and starts no process,
 * where `$(cat)` costs a fork and an exec on every script. The first line on stdout names the process group, so
 * that a cancel can end everything the script started. HOME is set right after runuser, which keeps the login's, and
 * a server's own directory holds its state too, so that several servers can share one machine.
 */
export const bootstrap = onOneLine(['start.sh', 'bootstrap.sh'].map(readShell).join('\n'))

/**
 * The command that receives one script after the other: `bash --noprofile --norc -c SESSION END_LINE DIRECTORY`. Each is read whole
 * before a byte of it runs, and runs in a subshell, with nothing on stdin, so that nothing of it is left for the next. The token that
 * delimits the output of a script is told to this bash alone.
 */
export const session = onOneLine(['start.sh', 'session.sh'].map(readShell).join('\n'))

/** Ends a login that never came to the bootstrap: `bash --noprofile --norc -c END_LOGIN END_LINE`. */
export const endLogin = onOneLine(readShell('end-login.sh'))

/** The same script without a line break: a csh as login shell takes none inside quotes. */
function onOneLine(script: string): string {
  const escaped = script.replace(/['\\]/g, '\\$&').replaceAll('\n', '\\n')
  return `eval $'${escaped}'`
}

/** Exit status of a script of which nothing ran, because a run of its id has begun before. */
export const exitRepeated = 84
/** Exit status of a script of which nothing ran, because the server lacks what every script needs. */
export const exitUnfit = 85
/** Exit status of a script of which nothing ran, because it did not arrive whole. */
export const exitTruncated = 86
/** Exit status of a script of which nothing ran, because a newer fence was seen on the server. */
export const exitFenced = 87
/** Exit status of a script of which nothing ran, because another one held the server's lock for too long. */
export const exitBusy = 88

/** The last line of every script, which proves that all before it arrived. */
export function endLine(runId: string): string {
  return `# end ${runId}`
}

/** The argument list that runs a script from stdin. */
export function bootstrapCommand(runId: string, directory = ''): readonly string[] {
  return ['bash', '--noprofile', '--norc', '-c', bootstrap, endLine(runId), directory, '']
}
