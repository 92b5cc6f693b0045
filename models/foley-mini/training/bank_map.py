"""Hand-made map: ImageNet labels (by index, ranges allowed) -> the sounds an editor would expect with such a picture, weight 0..1.

One rule a line: `indices | class:weight ...`, a comment of the labels after `#`. Labels that promise no sound have no rule.
"""

RULES = """
0-1 391 389-390 394-395 | water/splash:.6 water/swim:.4 water/underwater:.3   # tench, goldfish, salmon, eel: a fish out of or in the water
2-6 107-111 115 117 327-329 392-393 396-397 973 | water/underwater:.8 water/bubbles:.4   # sharks, rays, jellyfish, corals, reef fish
7 | animal/rooster:1   # cock
8 | animal/rooster:.9 footsteps/dirt:.1
9 | footsteps/dirt:.4 animal/wings:.3
10-20 | animal/bird:1 ambience/forest:.6 animal/wings:.3   # small song birds
17-18 | animal/crow:.4   # jay, magpie
21-23 | animal/crow:.5 animal/wings:.5 weather/wind:.3   # kite, eagle, vulture
24 | animal/crow:.9 ambience/night:.4 animal/wings:.2   # owl
25-29 | water/bubbles:.3 foliage/move:.4 water/drip:.2   # salamanders, newts
30-32 | animal/frog:1 water/splash:.2   # frogs
33-34 | water/underwater:.6 water/sea:.4 footsteps/sand:.2
35-37 | foliage/move:.5 water/swim:.2
38-48 | foliage/move:.5 footsteps/sand:.2   # lizards
49-50 | water/splash:.5 animal/wild:.5   # crocodile, alligator
51 | animal/wild:.8 footsteps/dirt:.3
52-66 | animal/snake:.5 foliage/move:.5
67-68 | animal/snake:1   # rattlesnakes
70-79 | foliage/move:.35   # spiders, scorpion, centipede
80-83 85-86 | animal/bird:.4 animal/wings:.5 foliage/move:.4   # grouse, quail
84 | animal/bird:.9 animal/wings:.2 ambience/forest:.2   # peafowl
87-96 | animal/bird:.9 ambience/forest:.5 animal/wings:.3   # parrots, toucan, hummingbird
97-100 | animal/duck:1 water/swim:.4 animal/wings:.2   # drake, merganser, goose, swan
101 385-386 | animal/elephant:1 footsteps/dirt:.3   # tusker, elephants
102-106 | foliage/move:.5 footsteps/grass:.3
112-114 116 | water/sea:.3 foliage/move:.2   # conch, snail, slug
118-126 | water/sea:.5 footsteps/sand:.3   # crabs, lobsters
127-136 | animal/wings:.5 water/stream:.3 animal/duck:.3   # storks, herons, flamingo
137 144 | animal/duck:.8 water/swim:.4   # coot, pelican
138 | animal/wings:.4 footsteps/grass:.3
139-143 146 | animal/seagull:.8 water/sea:.6 animal/wings:.3   # shore birds, albatross
145 | animal/duck:.6 footsteps/snow:.5 water/sea:.2   # king penguin
147-149 | water/underwater:.5 water/splash:.6 water/sea:.5   # whales, dugong
150 | animal/wild:.9 water/sea:.4   # sea lion
151-268 | animal/dog:.9 footsteps/grass:.15   # all dogs
248-250 | animal/wolf:.3 footsteps/snow:.2   # eskimo dog, malamute, husky
269-272 | animal/wolf:.9 footsteps/grass:.2
273-276 | animal/dog:.5 animal/wolf:.4
277-280 | footsteps/grass:.4 foliage/move:.4 animal/wolf:.2   # foxes
281-285 | animal/cat:1 animal/purr:.6   # cats
286-293 | animal/wild:1 foliage/move:.2   # big cats
294-297 | animal/wild:1 foliage/move:.3   # bears
298-299 356-363 330-334 336 338 | foliage/move:.6 footsteps/grass:.4 food/eat:.2   # small mammals
335 337 | foliage/move:.5 food/eat:.2   # squirrel, beaver
300-307 310 313-315 317 | foliage/move:.35 ambience/forest:.2   # beetles, ant, mantis
308-309 318-320 | animal/bees:1 ambience/forest:.2   # fly, bee, dragonfly
311-312 316 | ambience/night:1   # grasshopper, cricket, cicada
321-326 | ambience/forest:.5 animal/wings:.3   # butterflies
339 | animal/horse:.8 animal/gallop:.8   # horse
340 | animal/gallop:.7 animal/horse:.4
341-343 | animal/cattle:.8 footsteps/dirt:.2   # pigs
344 | animal/wild:.6 water/splash:.4
345-350 | animal/cattle:.9 footsteps/grass:.3   # ox, buffalo, ram
351-355 | footsteps/grass:.5 animal/cattle:.3   # antelopes, camel, llama
364 387-388 | foliage/move:.6 food/eat:.3
365-384 | animal/wild:.6 foliage/move:.5   # apes, monkeys
398 | rattle/shake:.9 wood/tap:.3   # abacus
399-400 501 568 578 601 614 652 689 775 834 869 887 906 | footsteps/hard:.5 cloth/rustle:.3 footsteps/wood:.25   # a person in robe, suit, coat, gown
474 608 610 617 655 735 824 841 457 451 | footsteps/hard:.4 cloth/rustle:.3   # cardigan, jeans, T-shirt, lab coat, miniskirt
697 529 434 433 459 445 638 639 842 | cloth/rustle:.4 footsteps/carpet:.25   # pyjamas, towel, swimwear
445 639 842 433 | water/swim:.4 water/sea:.3 water/splash:.3
452 515 808 439 667 715 903 793 796 | cloth/rustle:.35 footsteps/hard:.2   # hats, wigs, masks
514 | footsteps/wood:.8 footsteps/heels:.5   # cowboy boot
502 630 774 | footsteps/hard:.7 footsteps/wood:.5 footsteps/heels:.3   # clogs, loafer, sandal
770 | footsteps/running:.6 footsteps/hard:.6 rubber/squeak:.3   # running shoe
788 806 | footsteps/carpet:.4 footsteps/hard:.4   # shoe store, sock
523 | footsteps/hard:.6 wood/tap:.3   # crutch
414 636 748 588 | impact/soft:.6 cloth/rustle:.3 cloth/zipper:.4   # backpack, messenger bag, purse, hamper
797 | cloth/zipper:.6 cloth/rustle:.6
564 721 750 831 520 516 431 | cloth/rustle:.6 impact/soft:.5 wood/creak:.2   # beds, pillow, quilt, couch, cradle
741 539 533 591 885 911 700 999 | cloth/rustle:.6 whoosh/wipe:.2   # rugs, cloths, wool, paper towel
458 682 708 649 | ambience/outdoors:.2
402 420 486 546 889 594 714 | rubber/band:.25   # strings: only a twang is at hand
403 628 510 554 625 | water/sea:.6 vehicle/horn:.3 vehicle/engine:.3   # big ships
404 895 | vehicle/aircraft:1
908 | vehicle/interior:.8 vehicle/aircraft:.7   # a wing seen from the cabin
405 701 | weather/wind:.6 vehicle/aircraft:.3   # airship, parachute
812 657 744 | explosion/blast:.6 fire/roar:.5 vehicle/aircraft:.4   # space shuttle, missile
406 442 497 538 663 668 698 884 832 873 | bell/church:.5 footsteps/heels:.35 ambience/outdoors:.2   # churches, palaces
407 555 734 | vehicle/siren:.9 vehicle/engine:.5   # ambulance, fire engine, police van
408 586 847 | vehicle/engine:.8 metal/heavy:.2   # half-track, tank
847 | explosion/blast:.4
409 530-531 826 892 635 426 604 835 | mechanism/clock:.9   # clocks, stopwatch, barometer, hourglass
530 | bell/alarm:.3
410 599 | animal/bees:1
412 | metal/bin:1 plastic/crinkle:.2
413 763-764 | explosion/gunshot:1 mechanism/gun:.55   # assault rifle, revolver, rifle
597 465 | mechanism/gun:.6 explosion/gunshot:.4
456 | cloth/bow:1 whoosh/swish:.5   # hunting bow
415 467 509 582 860 | ambience/crowd:.4 ambience/room:.4 plastic/crinkle:.3   # shops
424 423 | tool/scissors:.8 ambience/room:.2   # barber
416 602 702 | whoosh/swish:.5 impact/soft:.5 footsteps/wood:.3   # gymnastics
417 | rubber/balloon:.8 rubber/squeak:.5
971 | water/bubbles:.7 water/drip:.4   # bubble
418 563 749 709-710 769 767 798 | tool/write:.7   # pens, pencils, ruler, eraser
918 | tool/write:.5 paper/handle:.4
419 | cloth/tape:.7
421 424 483 500 716 912 489 | ambience/outdoors:.2
422 543 | metal/heavy:1 metal/hit:.3   # barbell, dumbbell
425 958 345 | animal/cattle:.4 footsteps/grass:.2   # barn, hay
427 756 519 | wood/heavy:.6 rolling/cart:.2   # barrel, crate
756 | water/drip:.4 weather/rain:.4
428 690 603 612 | rolling/cart:.7 footsteps/dirt:.25   # wheelbarrow, carts, rickshaw
603 690 | animal/gallop:.7
612 | ambience/city:.9
429 752 574 722 852 981 | impact/racket:1 whoosh/swish:.4   # baseball, racket, golf, ping-pong, tennis ball
430 805 890 768 | impact/ball:1 footsteps/grass:.15   # basketball, football, volleyball, rugby
430 890 | rubber/squeak:.25
522 736 | impact/racket:.7 rolling/marbles:.6 wood/tap:.3   # croquet, pool table
746 | stone/ice:.8 impact/racket:.5   # puck
747 | impact/punch:1 metal/chain:.2   # punching bag
560 518 615 461 524 490 787 | impact/punch:.4 metal/hit:.3   # helmets, armour
777 | metal/blade:.9
435 794 861 896 876 804 | water/tap:.8 water/splash:.2   # bathtub, shower, toilet, sink, hot tub
876 | water/bubbles:.8
896 | water/drip:.5
731 | water/tap:.3 rubber/squeak:.3 water/bubbles:.3
436 468 511 581 609 627 656 661 717 817 751 479 535 675 734 | vehicle/engine:.7 vehicle/pass:.6 door/car:.35   # cars
475 785 | vehicle/interior:1 vehicle/pass:.3   # car mirror, seat belt
685 | vehicle/interior:.7
751 573 | vehicle/pass:.6 vehicle/motorbike:.4   # racer, go-kart
569 864 867 654 779 866 757 660 803 | vehicle/engine:.9 vehicle/pass:.4 vehicle/interior:.3   # lorries, buses, tractor
595 856 730 | machine/engine:.5 vehicle/engine:.6   # harvester, thresher, plough
517 540 561 | vehicle/engine:.6 metal/heavy:.4 machine/motor:.3   # crane, rig, forklift
571 | vehicle/engine:.5 water/pour:.2
575 | vehicle/engine:.4 footsteps/grass:.2
665 670 802 | vehicle/motorbike:1   # moped, scooter, snowmobile
671 444 870 880 | vehicle/bicycle:.9 bell/bicycle:.5   # bicycles
466 547 829 565 705 874 | vehicle/train:1   # trains, trams
820 | machine/engine:.9 vehicle/train:.8 vehicle/horn:.3   # steam locomotive
821 839 888 | ambience/outdoors:.3 vehicle/pass:.4 water/stream:.3   # bridges
437 460 975-978 | water/sea:.9 animal/seagull:.3 weather/wind:.2   # lighthouse, shores
978 977 | footsteps/sand:.4
449 536 718 | water/boat:.6 water/sea:.6 footsteps/wood:.3   # boathouse, dock, pier
472 693 576 | water/swim:.7 water/boat:.5   # kayak, paddle, gondola
484 724 780 871 914 | water/boat:.9 water/sea:.5 weather/wind:.3   # sailing ships
913 | water/boat:.4 water/sea:.4
814 | vehicle/motorbike:.5 water/sea:.5 water/splash:.3   # speedboat
694 | water/splash:.6 machine/engine:.4
833 983 801 | water/underwater:.8 water/bubbles:.8   # submarine, scuba diver, snorkel
438 712 845 | glass/hit:.5 water/pour:.35   # beaker, petri dish, syringe
440 907 737 | glass/hit:.7 water/pour:.5 metal/can-open:.4   # bottles
441 572 966 969 | glass/hit:.8 water/pour:.5   # glasses
898 720 631 | plastic/bottle:.8 plastic/hit:.3   # water bottle, pill bottle
720 | rattle/shake:.5
455 473 | metal/can-open:1
512 | glass/cork:1
503 773 | rattle/shake:.8 glass/hit:.2   # shakers
641 | rattle/shake:1   # maraca
504 968 967 | ceramic/hit:.7 water/pour:.7   # mug, cup, espresso
505 725 849 899 901 | water/pour:1 ceramic/hit:.3   # coffeepot, pitcher, teapot, jugs
463 | water/pour:.5 plastic/hit:.4 metal/hit:.2   # bucket
653 | metal/hit:.5 water/pour:.4
550 | machine/steam:.7 water/pour:.7 ceramic/hit:.3   # espresso machine
647 659 828 | metal/plate:.5 water/pour:.3 metal/pots:.3
469 521 544 567 827 909 766 | metal/pots:.8 fire/sizzle:.6 water/bubbles:.25   # pots, stove, frying pan, wok
926 925 | water/bubbles:.6 ceramic/hit:.3
618 813 910 | metal/pots:.6 fire/sizzle:.4 metal/plate:.3   # ladle, spatula, wooden spoon
891 859 651 | mechanism/stamp:.5 fire/sizzle:.3 mechanism/click:.3   # waffle iron, toaster, microwave
923 729 868 532 809 | metal/plate:.9 ceramic/hit:.4   # plates, table
762 | ambience/crowd:.8 metal/plate:.5   # restaurant
666 883 738 | ceramic/hit:.9   # mortar, vase, pot
739 | machine/motor:.25 ceramic/hit:.06   # potter's wheel: it turns, nothing is struck
499 | tool/cut:1 metal/blade:.4   # cleaver
936-957 987 | tool/cut:.6 food/eat:.5   # vegetables, fruit
924 927-935 959-965 922 | food/eat:.6 metal/plate:.5   # dishes
933-934 962 | fire/sizzle:.4
928-929 | food/eat:.6 stone/ice:.2
948 | food/eat:.4
446 549 921 917 453 454 624 692 | paper/handle:.8   # binder, envelope, books, packets
692 | plastic/crinkle:.6
549 | paper/rip:.6
478 | paper/cardboard:1 cloth/tape:.3
448 | animal/bird:.7 ambience/forest:.4
462 840 696 | whoosh/wipe:.9   # broom, mop, brush
447 622 | mechanism/click:.3
450 795 537 | footsteps/snow:.5 whoosh/swish:.4 weather/wind:.3   # bobsleigh, ski, dog sled
537 | animal/dog:.5
471 | explosion/blast:1
470 | fire/crackle:.3 fire/ignite:.5   # candle
626 644 | fire/ignite:1   # lighter, match
862 | fire/crackle:.5 fire/ignite:.4 fire/roar:.3   # torch
556 | fire/crackle:1
476 506 | ambience/crowd:.3
477 784 783 677 507 600 772 | metal/small:.8 metal/hit:.3   # tools, screws, nails
587 | metal/hammer:1 wood/hit:.4   # hammer
596 | wood/chop:1   # hatchet
792 | stone/dig:1
613 673 810 508 878 | mechanism/keyboard:1   # joystick, mouse, keyboards
527 620 681 664 782 590 | mechanism/keyboard:.7 mechanism/click:.2   # computers
592 662 754 688 632 | machine/room:.4 mechanism/click:.3
480 886 800 | metal/coins:.5 mechanism/stamp:.5 mechanism/click:.4   # machines that take coins
800 719 704 | metal/coins:.8
481-482 485 605 848 621 | mechanism/click:.5
487 528 707 | bell/alarm:.6 mechanism/click:.3 ambience/city:.2   # telephones
488 | metal/chain:1
695 | metal/chain:.3 metal/keys:.6
491 634 | machine/chainsaw:1 tool/saw:.4   # chain saw, sawmill
621 | machine/chainsaw:.9   # lawn mower
726 | tool/saw:.8   # plane
740 | tool/drill:1
589 585 | tool/drill:.5 machine/steam:.5   # hair dryer, spray
606 | machine/steam:.7 cloth/rustle:.4   # iron
545 811 882 816 786 | machine/motor:.9   # fan, heater, vacuum cleaner, spindle, sewing machine
534 897 | machine/motor:.6 water/tap:.6   # dishwasher, washing machine
760 | machine/room:.5 door/locker:.4 door/open:.3
713 742 | machine/printer:1
492 493 894 495 648 526 553 | door/drawer:.6 door/open:.4   # cupboards, desks
553 771 743 | door/locker:.9   # filing cabinet, safe, prison
799 789 904-905 854 | door/drawer:.6 door/open:.3 cloth/rustle:.2   # sliding door, screens, blinds
494 | bell/chimes:.6 bell/bell:.8   # chime
577 | drums/cymbal:.8 bell/bell:.7   # gong
541 | drums/hand:.8 drums/kit:.8   # drum
542 | drums/kit:.8 drums/hand:.7   # drumstick
822 | drums/hand:.6 metal/hit:.5 metal/pots:.3   # steel drum
642 | bell/bell:.4 drums/hand:.4   # marimba
401 432 513 558 566 593 683-684 687 699 776 875 | vehicle/horn:.1 human/whistle:.15   # wind instruments: not in the bank
902 | human/whistle:1
498 598 745 | machine/room:.5 ambience/crowd:.4   # cinema, projector
819 818 650 | ambience/crowd:.6 human/clap:.4 footsteps/wood:.3   # stage, microphone
525 974 | water/waterfall:1   # dam, geyser
562 | water/stream:1 water/splash:.2   # fountain
533 | whoosh/wipe:.5
557 723 | weather/wind:.8 cloth/rustle:.4   # flagpole, pinwheel
559 765 703 843 857 | wood/creak:.7 wood/drag:.3   # chairs, rocking chair, swing
580 672 915 | weather/leaves:.3 cloth/rustle:.3 ambience/outdoors:.3   # greenhouse, tent, yurt
583 | metal/blade:.8
607 | tool/cut:.4 fire/ignite:.2
611 | wood/tap:.5 paper/cardboard:.2
616 | cloth/bow:.4 cloth/rustle:.3
637 | metal/hit:.4 door/locker:.4 paper/handle:.3
640 | metal/heavy:.7
674 | mechanism/gun:.3 mechanism/click:.6
676 | animal/dog:.6
679 584 | metal/small:.4 rolling/marbles:.3
711 | machine/steam:.5 glass/hit:.3
728 | plastic/crinkle:1
732 759 | mechanism/camera:1
753 | metal/pipe:.7 machine/steam:.2
758 | vehicle/bicycle:.3 water/splash:.5 whoosh/swish:.3   # fishing reel
778 | metal/plate:.3 mechanism/click:.3
790-791 | rolling/cart:.8 metal/hit:.3 ambience/crowd:.3
830 | rolling/cart:.3 cloth/rustle:.3
823 | cloth/rustle:.3
836-838 | ambience/outdoors:.1
844 761 846 | mechanism/click:1   # switch, remote control, lamp
851 548 | machine/room:.4 mechanism/click:.2
853 858 | weather/rain:.3 ambience/outdoors:.3
872 733 | metal/hit:.3 mechanism/click:.2
877 | metal/heavy:.3 mechanism/click:.4 ambience/crowd:.3
879 | weather/rain:.8 cloth/rustle:.4   # umbrella
893 | cloth/rustle:.3 metal/coins:.3
900 | water/drip:.2 ambience/outdoors:.2
919-920 706 | ambience/city:.7 vehicle/pass:.4
961 | impact/soft:.4 food/eat:.2   # dough
970 972 | weather/wind:.8 ambience/outdoors:.5 stone/fall:.2   # mountain, cliff
979 | ambience/outdoors:.5 weather/wind:.4 water/stream:.45 ambience/forest:.25   # valley
980 | explosion/blast:.6 weather/rumble:.8 fire/roar:.4   # volcano
982 | footsteps/heels:.4 cloth/rustle:.4 bell/church:.4
984-986 989 998 | ambience/forest:.6 weather/leaves:.5 animal/bees:.3   # flowers, rape, ears
988 990-997 | foliage/move:.6 ambience/forest:.5   # acorns, mushrooms
825 | stone/hit:.3 ambience/outdoors:.3
"""


def indices(text):
    out = []
    for part in text.split():
        first, _, last = part.partition("-")
        out += range(int(first), int(last or first) + 1)
    return out


def hand_map(class_ids):
    """-> {imagenet index: {sound class: weight}}; unknown classes are an error."""
    out = {}
    for line in RULES.strip().splitlines():
        rule = line.split("#")[0].strip().strip("|")
        where, _, what = rule.partition("|")
        for item in what.replace("|", " ").split():
            name, weight = item.split(":")
            if name not in class_ids:
                raise SystemExit(f"picture map: no class {name} ({line})")
            for i in indices(where):
                old = out.setdefault(i, {})
                old[name] = max(old.get(name, 0.0), float(weight))
    return out
