/** Where a link leads; behind `#`, where no server and no log sees it. */
export function linkText(url: string, secret: string): string {
  return `${url.replace(/\/+$/, '')}/#link=${secret}`
}
