// The first picture: bar, folders and list, drawn from what was asked early (jmap/early.ts) while the application is still on its way, with its
// styles. What is clicked in it is where the application begins: rows and folders are addresses. It goes when the application's own list shows.
import { currentLanguage } from '@chappe/kit'
import { branches, type Branch } from '../features/folders/order'
import { countOf, nameOfFolder } from '../features/folders/roles'
import { useFolderTexts } from '../features/folders/texts'
import treeClasses from '../features/folders/tree.module.css'
import avatarClasses from '../features/mail/avatar.module.css'
import { choices } from '../features/mail/choices'
import { datesNow } from '../features/mail/dates'
import { useListTexts } from '../features/mail/list-texts'
import listClasses from '../features/mail/list.module.css'
import pageClasses from '../features/mail/page.module.css'
import { hue, initials } from '../features/mail/people'
import { wordsOfRow } from '../features/mail/row-words'
import { HEAD, ROWS } from '../features/mail/row-heights'
import { sectionsOf } from '../features/mail/sections'
import { useMailTexts } from '../features/mail/texts'
import boxClasses from '../features/search/box.module.css'
import { expectMessage, type First } from '../jmap/early'
import type { Address } from '../jmap/wire'
import classes from './picture.module.css'
import shellClasses from './shell.module.css'
import { useAppTexts } from './texts'

type Child = Node | string | false
function node<K extends keyof HTMLElementTagNameMap>(name: K, className: string | undefined, ...children: Child[]): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  if (className) made.className = className
  made.append(...children.filter((c) => c !== false))
  return made
}
/** With data-* of these names, where they are not false. */
function having<E extends HTMLElement>(element: E, data: Record<string, string | number | boolean>): E {
  for (const [name, value] of Object.entries(data)) if (value !== false) element.dataset[name] = String(value)
  return element
}

/** Goes there without leaving the page: the application begins where it is then, or follows. */
function link(to: string, className: string, ...children: Child[]): HTMLAnchorElement {
  const made = node('a', className, ...children)
  made.href = to
  made.addEventListener('click', (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return
    event.preventDefault()
    history.pushState(null, '', to)
    made.dataset['open'] = 'true'
  })
  return made
}

const address = (folder: string, ...message: string[]): string => `/mail/me/${[folder, ...message].map(encodeURIComponent).join('/')}`

// ---- the folders

function folder({ mailbox, children, depth }: Branch, first: First): HTMLElement {
  const count = countOf(mailbox)
  const name = nameOfFolder(mailbox, useFolderTexts.say)
  const to = link(address(mailbox.role ?? mailbox.id), treeClasses.link ?? '', node('span', classes.icon), node('bdi', '', name), count > 0 && node('span', treeClasses.count, String(count)))
  const row = having(node('div', treeClasses.row, node('span', treeClasses.twist), having(to, { unread: mailbox.role !== 'drafts' && count > 0 })), { depth: Math.min(depth, 6), here: mailbox === first.folder })
  const isShut = children.length === 0 || choices().closed.includes(mailbox.id)
  return node('li', '', row, !isShut && node('ul', '', ...children.map((b) => folder(b, first))))
}

function side(first: First): HTMLElement {
  const folders = node('ul', '', ...branches(first, currentLanguage()).map((b) => folder(b, first)))
  return node('nav', shellClasses.side, node('div', classes.compose), node('div', treeClasses.tree, node('section', treeClasses.account, folders)))
}

// ---- the list

/** Rows that are drawn below what is on the screen. */
const MORE = 4

function avatar(of: Address | undefined): HTMLElement {
  const made = having(node('span', avatarClasses.avatar, of ? initials(of) : '?'), { hue: of ? hue(of) : 0, size: 'm' })
  made.ariaHidden = 'true'
  return made
}

function row(first: First, id: string, start: number, section: string | undefined): HTMLElement | false {
  const email = first.emails.get(id)
  if (!email) return false
  const known = (first.threads.get(email.threadId) ?? []).flatMap((i) => first.emails.get(i) ?? [])
  const all = known.length > 0 ? known : [email]
  const say = useMailTexts.say
  const { people, names, subject, isUnread } = wordsOfRow(email, all, first.folder.role === 'sent', say)
  const who = node('span', listClasses.who, isUnread && node('span', listClasses.said, say('unread')), node('bdi', '', names), all.length > 1 && node('span', listClasses.many, String(all.length)))
  const what = node('span', listClasses.subject, email.keywords['$draft'] === true && node('span', listClasses.draft, say('draft')), node('bdi', '', subject), node('span', listClasses.preview, node('bdi', '', email.preview)))
  const text = node('div', listClasses.text, node('div', listClasses.line, who, node('time', '', datesNow(currentLanguage()).row(email.receivedAt))), node('div', listClasses.line, what))
  const to = having(link(address(first.folder.role ?? first.folder.id, id), `${listClasses.row} ${classes.row}`, node('span', listClasses.pick, avatar(people[0])), text), { id, unread: isUnread, open: location.pathname.endsWith(`/${id}`) })
  to.addEventListener('pointerdown', () => expectMessage(id))
  const place = node('div', listClasses.place, section !== undefined && node('div', listClasses.section, section), to)
  place.style.transform = `translateY(${start}px)`
  return place
}

function rows(first: First): HTMLElement {
  const { density, sections } = choices()
  const heads = sections ? sectionsOf(first.ids, first.emails, datesNow(currentLanguage())) : new Map<number, string>()
  const drawn = first.ids.slice(0, Math.ceil(innerHeight / ROWS[density]) + MORE)
  let start = 0
  const made = drawn.map((id, i) => {
    const at = start
    start += ROWS[density] + (heads.has(i) ? HEAD : 0)
    return row(first, id, at, heads.get(i))
  })
  const all = having(node('div', listClasses.rows, ...made), { density })
  all.style.height = `${first.total * ROWS[density] + heads.size * HEAD}px`
  return all
}

function list(first: First): HTMLElement {
  const say = useListTexts.say
  const title = node('h1', '', node('bdi', '', nameOfFolder(first.folder, useFolderTexts.say)))
  const total = node('span', listClasses.total, say(choices().conversations ? 'conversations_n' : 'messages_n', { count: first.total }))
  const head = node('div', listClasses.top, node('div', `${listClasses.head} ${classes.head}`, title, total), node('div', classes.chips))
  return node('section', pageClasses.list, node('div', listClasses.drop, head, node('div', listClasses.scroller, rows(first))))
}

// ---- all of it

/** As Mantine keeps and says it. */
function colours(): void {
  const kept = localStorage.getItem('mantine-color-scheme-value')
  const isDark = kept === 'dark' || (kept !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches)
  document.documentElement.dataset['mantineColorScheme'] = isDark ? 'dark' : 'light'
}

let picture: HTMLElement | null = null
let isOver = false
/** Whether there is a picture: all that it shows is there for who asks (jmap/early.ts). */
export const isPictured = (): boolean => picture !== null

export function drawPicture(first: First): void {
  if (isOver) return
  colours()
  const bar = node('header', shellClasses.bar, node('span', shellClasses.brand, node('span', classes.mark), node('span', '', useAppTexts.say('product'))), node('div', shellClasses.middle, node('div', boxClasses.around, node('div', boxClasses.box))))
  const panes = having(node('div', pageClasses.panes, list(first), node('section', pageClasses.reading)), { pane: choices().pane, reading: location.pathname.split('/').length > 4 })
  const shell = node('div', shellClasses.shell, bar, side(first), node('div', shellClasses.main, node('div', shellClasses.page, panes)))
  picture = having(node('div', classes.picture, shell), { waiting: true })
  document.body.append(picture)
}

/** The page itself is there. Gives where somebody has scrolled the list to. */
export function pictureGoes(): number {
  const scrolled = picture?.querySelector(`.${listClasses.scroller}`)?.scrollTop ?? 0
  picture?.remove()
  picture = null
  isOver = true
  return scrolled
}
