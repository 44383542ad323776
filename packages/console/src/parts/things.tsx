import { Link } from '@tanstack/react-router'

/** Where the console shows a thing that others name: one place each, so that a name leads to the same wherever it stands. */
export function ServerLink({ server }: { server: string }) {
  return (
    <Link to="/servers/$server" params={{ server }}>
      {server}
    </Link>
  )
}
