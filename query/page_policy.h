/*
 * page_policy - what the page may load: its Content-Security-Policy
 *
 * Own scripts and styles and nothing inline; requests to this server, to auth's and to the live stream; pictures from
 * here and from the server of map tiles.
 *
 * Thread: any.
 */
#pragma once

/* Borrowed; each may be NULL, empty, or a path on this server. */
struct page_places {
	const char *auth_url, *live_url, *tile_url;
};

/* The header's value, the caller's to free(). NULL when memory is out, or the URLs are endless. */
char *page_policy(const struct page_places *p);
