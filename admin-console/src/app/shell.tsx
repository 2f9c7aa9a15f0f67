import { Boundary, ConnectionBanner, EmptyState, LanguageMenu, Mark, onDemand, ThemeMenu } from '@chappe/kit'
import { IconKey, IconLogout, IconMenu2, IconSearch, IconUser } from '@chappe/kit/icons'
import { ActionIcon, Kbd, Menu } from '@mantine/core'
import { useDisclosure, useHotkeys } from '@mantine/hooks'
import { Link, Outlet, useRouterState } from '@tanstack/react-router'
import { Suspense, useEffect } from 'react'
import { logOut, useSession } from './session'
import classes from './shell.module.css'
import { useAppTexts } from './texts'
import { Tree } from './tree'

const Search = onDemand(() => import('./search'))
const TreeDrawer = onDemand(() => import('./tree-drawer'))

function AccountMenu() {
  const say = useAppTexts()
  const session = useSession()
  const leave = async () => {
    await logOut().catch(() => undefined)
    location.reload() // nothing of what was seen stays in memory
  }
  return (
    <Menu position="bottom-end" width={260}>
      <Menu.Target>
        <ActionIcon variant="transparent" className={classes.tool} aria-label={say('account')}>
          <IconUser size={19} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <bdi>{session.name}</bdi>
          <br />
          <bdi>{session.login}</bdi>
        </Menu.Label>
        <Menu.Item leftSection={<IconKey size={16} />} renderRoot={(props) => <Link to="/account" {...props} />}>
          {say('myAccount')}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
          {say('logOut')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** Bar, tree and the page. */
export function Shell() {
  const say = useAppTexts()
  const session = useSession()
  const place = useRouterState({ select: (s) => s.location.pathname })
  const [tree, { open: openTree, close: closeTree }] = useDisclosure()
  const [search, { open: openSearch, close: closeSearch }] = useDisclosure()
  useHotkeys([['mod+K', openSearch], ['/', openSearch]])
  useEffect(closeTree, [place, closeTree])
  return (
    <div className={classes.shell}>
      <a href="#content" className={classes.skip}>
        {say('skip')}
      </a>
      <header className={classes.bar}>
        <ActionIcon variant="transparent" className={classes.burger} onClick={openTree} aria-label={say('menu')}>
          <IconMenu2 size={20} />
        </ActionIcon>
        <Link to="/" className={classes.brand} aria-label={say('product')}>
          <Mark size={26} />
          <span>{say('product')}</span>
        </Link>
        <button type="button" className={classes.search} onClick={openSearch}>
          <IconSearch size={16} aria-hidden />
          <span>{say('search')}</span>
          <Kbd size="xs" aria-hidden>
            Ctrl K
          </Kbd>
        </button>
        <div className={classes.tools}>
          <LanguageMenu className={classes.tool} />
          <ThemeMenu className={classes.tool} />
          <AccountMenu />
        </div>
      </header>
      <nav className={classes.side} aria-label={say('tree')}>
        <Tree />
      </nav>
      {tree && <TreeDrawer onClose={closeTree} />}
      <main className={classes.main} id="content" tabIndex={-1}>
        <ConnectionBanner />
        <Boundary place={place}>
          <Suspense>
            {session.grants.length === 0 && place !== '/account' ? (
              <EmptyState title={say('noRole.title')}>{say('noRole.lead', { login: session.login })}</EmptyState>
            ) : (
              <Outlet />
            )}
          </Suspense>
        </Boundary>
      </main>
      {search && <Search onClose={closeSearch} />}
    </div>
  )
}
