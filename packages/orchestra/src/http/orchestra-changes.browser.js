/**
 * <orchestra-changes token-src="/changes-token"></orchestra-changes> shows how a customer's objects are, live. `token-src` is a path of
 * the application that answers a token as text; `src` is where the changes are, default beside this file. All it shows is text.
 */
const LONGEST_REST = 30_000

class OrchestraChanges extends HTMLElement {
  #leaving

  connectedCallback() {
    this.setAttribute('role', 'status')
    this.#leaving = new AbortController()
    this.#follow(this.#leaving.signal)
  }

  disconnectedCallback() {
    this.#leaving.abort()
  }

  /** Goes on after every end: tokens expire, servers are restarted, networks change. */
  async #follow(signal) {
    let rest = 0
    while (!signal.aborted) {
      const heard = await this.#listen(signal).catch(() => false)
      if (signal.aborted) return
      this.toggleAttribute('stale', true)
      rest = heard ? 1_000 : Math.min(LONGEST_REST, 2 * rest + 1_000)
      await new Promise((resolve) => setTimeout(resolve, rest))
    }
  }

  async #listen(signal) {
    const headers = { accept: 'text/event-stream', authorization: `Bearer ${await this.#token(signal)}` }
    const from = this.getAttribute('src') ?? new URL('changes', import.meta.url)
    const response = await fetch(from, { headers, signal, cache: 'no-store' })
    if (!response.ok) return false
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return true
      const events = (text + value).split('\n\n')
      text = events.pop()
      for (const event of events) this.#hear(event)
    }
  }

  async #token(signal) {
    const from = this.getAttribute('token-src')
    if (from === null) return this.getAttribute('token') ?? ''
    const response = await fetch(from, { signal, cache: 'no-store' })
    if (!response.ok) throw new Error(`${from} answers ${response.status}`)
    return (await response.text()).trim()
  }

  #hear(event) {
    const fields = Object.fromEntries(event.split('\n').map((line) => line.split(/: (.*)/s)))
    if (fields.event === 'changes') this.#show(JSON.parse(fields.data))
  }

  #show({ count, items }) {
    const list = document.createElement('ul')
    for (const { object, label, state, since, text } of items) {
      const item = document.createElement('li')
      item.dataset.object = object
      item.dataset.state = state
      if (since !== null) item.title = new Date(since).toLocaleString()
      const name = document.createElement('b')
      name.textContent = label
      item.append(name, ' ', text)
      list.append(item)
    }
    this.replaceChildren(list)
    this.toggleAttribute('stale', false)
    this.dispatchEvent(new CustomEvent('orchestra-changes', { bubbles: true, detail: { count, items } }))
  }
}

customElements.define('orchestra-changes', OrchestraChanges)
