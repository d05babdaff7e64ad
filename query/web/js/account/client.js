/* client - the name of a browser or program, out of what it calls itself (User-Agent) */
import { TEXTS } from "../texts.js";

/* The first that is in it: browsers also claim to be others, older ones. */
const PROGRAMS = [
	[/\bEdg(?:A|iOS)?\/(\d+)/, "Edge"],
	[/\bOPR\/(\d+)/, "Opera"],
	[/\bSamsungBrowser\/(\d+)/, "Samsung Internet"],
	[/\b(?:Firefox|FxiOS)\/(\d+)/, "Firefox"],
	[/\b(?:Headless)?(?:Chrome|CriOS)\/(\d+)/, "Chrome"],
	[/\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari\//, "Safari"],
];
const SYSTEMS = [
	[/\biPhone\b/, "iPhone"],
	[/\biPad\b/, "iPad"],
	[/\bAndroid\b/, "Android"],
	[/\bWindows\b/, "Windows"],
	[/\bMac OS X\b/, "macOS"],
	[/\bCrOS\b/, "ChromeOS"],
	[/\bLinux\b/, "Linux"],
];

/* "Firefox 140, Linux"; of a program that is not among those, what it begins with: "curl/8.5". */
export function clientName(agent) {
	if (!agent)
		return TEXTS.sessions.unknown;
	const inAgent = ([pattern]) => pattern.test(agent), program = PROGRAMS.find(inAgent), system = SYSTEMS.find(inAgent);

	if (!program)
		return agent.split(" ")[0];
	return [`${program[1]} ${agent.match(program[0])[1]}`, system?.[1]].filter(Boolean).join(", ");
}
