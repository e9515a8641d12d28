reset
set encoding utf8
set terminal pngcairo noenhanced size 300,300 font 'Sans,10' background rgb 'white'
set output 'chart.png'
set multiplot
unset key
unset colorbox
set border 3 lc rgb '#808080'
set tics nomirror out scale 0.5 font ',9' tc rgb '#333333'
set grid xtics ytics front lt 1 lw 0.5 lc rgb '#b0808080'
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.75667
set bmargin at screen 0.69000
set label "rss.pmt: memory of the process" at screen 0.26667,0.94000 left font ':Bold,13'
set label "pid 41: pyth…ample, gc\073 nothing lost" at screen 0.26667,0.87000 left font ',9' tc rgb '#555555'
set object rect from screen 0.26667,0.45083 to screen 0.30667,0.45917 front fs solid noborder fc rgb '#332288'
set label "48.0 MiB" at screen 0.52033,0.45500 right font ',9' tc rgb '#555555'
set label "RSS" at screen 0.54033,0.45500 left font ',9'
set object rect from screen 0.26667,0.39417 to screen 0.30667,0.40250 front fs solid noborder fc rgb '#bb4433'
set label "1.4 MiB" at screen 0.52033,0.39833 right font ',9' tc rgb '#555555'
set label "trace…ve blocks" at screen 0.54033,0.39833 left font ',9'
set object rect from screen 0.26667,0.32500 to screen 0.30667,0.35833 front fs solid noborder fc rgb '#77aadd'
set label "CPU, user" at screen 0.54033,0.34167 left font ',9'
set object rect from screen 0.26667,0.26833 to screen 0.30667,0.30167 front fs solid noborder fc rgb '#cc6677'
set label "CPU, system" at screen 0.54033,0.28500 left font ',9'
set object rect from screen 0.26667,0.22417 to screen 0.30667,0.23250 front fs solid noborder fc rgb '#117733'
set label "19,800" at screen 0.52033,0.22833 right font ',9' tc rgb '#555555'
set label "minor_faults" at screen 0.54033,0.22833 left font ',9'
set object rect from screen 0.26667,0.16750 to screen 0.30667,0.17583 front fs solid noborder fc rgb '#882255'
set label "11" at screen 0.52033,0.17167 right font ',9' tc rgb '#555555'
set label "major_faults" at screen 0.54033,0.17167 left font ',9'
set object rect from screen 0.26667,0.09833 to screen 0.30667,0.13167 front fs solid noborder fc rgb '#aa4499'
set label "9.40 ms" at screen 0.52033,0.11500 right font ',9' tc rgb '#555555'
set label "gc: l…est pause" at screen 0.54033,0.11500 left font ',9'
set label "beside names…ollections took 67.9 ms" at screen 0.26667,0.04000 left font ',8' tc rgb '#555555'
unset logscale x
set xrange [1700000000:1700000010]
set xtics autofreq
unset xlabel
set format x ''
set ylabel "MiB" font ',9'
set yrange [0:50.37329]
set ytics 20
set arrow from first 1700000002.5, graph 0 to first 1700000002.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set label "warm" at screen 0.43000,0.80167 left font ',9' tc rgb '#555555'
set arrow from first 1700000007, graph 0 to first 1700000007, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set label "reload" at screen 0.72400,0.80167 left font ',9' tc rgb '#555555'
plot 'chart.dat' index 0 using 1:3:4 with filledcurves fs transparent solid 0.25 noborder lc rgb '#332288', \
     'chart.dat' index 0 using 1:2 with lines lw 1.5 lc rgb '#332288', \
     'chart.dat' index 0 using 1:5 with lines lw 1.5 dt (5,3) lc rgb '#bb4433'
unset arrow
unset label
unset object
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.60333
set bmargin at screen 0.53667
unset logscale x
set xrange [1700000000:1700000010]
set xtics autofreq
unset xlabel
set format x ''
set ylabel "CPU \045" font ',9'
set yrange [0:72.45]
set ytics 50
set arrow from first 1700000002.5, graph 0 to first 1700000002.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set arrow from first 1700000007, graph 0 to first 1700000007, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
plot 'chart.dat' index 1 using 1:3 with filledcurves x1 fs solid noborder lc rgb '#cc6677', \
     'chart.dat' index 1 using 1:2 with filledcurves x1 fs solid noborder lc rgb '#77aadd', \
     'chart.dat' index 1 using 1:3 with lines lw 1 lc rgb '#333333'
unset arrow
unset label
unset object
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.45000
set bmargin at screen 0.38333
unset logscale x
set xrange [1700000000:1700000010]
set xtics autofreq
unset xlabel
set format x ''
set ylabel "/s" font ',9'
set yrange [0:3150]
set ytics 2000
set arrow from first 1700000002.5, graph 0 to first 1700000002.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set arrow from first 1700000007, graph 0 to first 1700000007, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
plot 'chart.dat' index 2 using 1:2 with lines lw 1.5 lc rgb '#117733', \
     'chart.dat' index 2 using 1:3 with lines lw 1.5 lc rgb '#882255'
unset arrow
unset label
unset object
set lmargin at screen 0.26667
set rmargin at screen 0.92000
set tmargin at screen 0.29667
set bmargin at screen 0.23000
unset logscale x
set xrange [1700000000:1700000010]
set xtics autofreq
set xlabel 'UTC, 2023-11-14' offset 0,0.3
set xtics time 5
set format x '%H:%M:%S' time
set ylabel "gc ms" font ',9'
set yrange [0:9.87]
set ytics 5
set arrow from first 1700000002.5, graph 0 to first 1700000002.5, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
set arrow from first 1700000007, graph 0 to first 1700000007, graph 1 nohead front lw 1 dt 2 lc rgb '#606060'
plot 'chart.dat' index 3 using (($1+$2)/2):($3/2):1:2:(0):3 with boxxyerror fs solid noborder lc rgb '#aa4499'
unset arrow
unset label
unset object
unset multiplot
