/** Milliseconds within which a page is not loaded a second time: what is missing then is missing in the new release too. */
const AGAIN = 30_000
const KEY = 'orchestra-exchanged'

/** Files of another release than the page's are not there any more once the server was upgraded: the page is loaded anew, where it stood. */
export function reloadWhenExchanged(): void {
  addEventListener('vite:preloadError', (event) => {
    if (Date.now() - Number(sessionStorage.getItem(KEY)) < AGAIN) return
    event.preventDefault()
    sessionStorage.setItem(KEY, String(Date.now()))
    location.reload()
  })
}
